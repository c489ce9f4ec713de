#!/usr/bin/env node
// The command.
require("./start.cjs");
