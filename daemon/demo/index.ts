export { Demo, type DemoEvent, type DemoOptions, type DemoSummary } from './demo.ts';
export { drawTable } from './table.ts';
