#!/usr/bin/env node
// The command. It only starts the bundle that `npm run build` makes, so that start-up reads one file.
require("../dist/command.cjs");
