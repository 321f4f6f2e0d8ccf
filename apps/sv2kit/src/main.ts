#!/usr/bin/env node
import { sv2kit } from './sv2kit.ts';

process.exitCode = await sv2kit(process.argv.slice(2));
