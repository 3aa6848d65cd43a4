"use strict";
const { reporters } = require("mocha");

/** Mocha's spec reporter, closed by one line that scripts can read: "N passed, N failed, N skipped". */
class CountingReporter extends reporters.Spec {
  epilogue() {
    super.epilogue();
    const { passes = 0, failures = 0, pending = 0 } = this.stats;
    console.log(`${passes} passed, ${failures} failed, ${pending} skipped`);
  }
}

module.exports = CountingReporter;
