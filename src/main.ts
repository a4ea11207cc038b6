#!/usr/bin/env node
import { run } from './cli/run.js';

const code = await run(process.argv.slice(2));
// A start that failed half way may have left something open.
if (code !== 0) process.exit(code);
