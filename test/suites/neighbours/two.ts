import { neighbour } from '../neighbour.js';

neighbour('two');
