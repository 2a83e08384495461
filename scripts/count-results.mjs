// Adds up what scripts/test ran and prints the closing line. Exits 1 unless all of it passed and something ran.
// usage: count-results.mjs CHECKS VITEST_JSON
import { readFileSync } from 'node:fs';

const [checksFile, vitestFile] = process.argv.slice(2);
const checks = readFileSync(checksFile, 'utf8').trim().split('\n');
const report = JSON.parse(readFileSync(vitestFile, 'utf8'));

// A file that broke before its tests were known counts as one failure: it has no test that could.
const brokenFiles = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
const passed = report.numPassedTests + checks.filter((result) => result === 'pass').length;
const failed = report.numFailedTests + brokenFiles.length + checks.filter((result) => result === 'fail').length;
const skipped = report.numPendingTests + report.numTodoTests;

for (const file of report.testResults) {
  for (const test of file.assertionResults) {
    if (test.status !== 'passed') console.log(`${test.status}: ${test.fullName}`);
  }
}
for (const file of brokenFiles) console.log(`failed: ${file.name}: ${file.message.split('\n')[0]}`);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 && report.numPassedTests > 0 && report.success ? 0 : 1;
