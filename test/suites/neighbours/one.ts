import { neighbour } from '../neighbour.js';

neighbour('one');
