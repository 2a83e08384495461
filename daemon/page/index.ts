export type { ReportParts, StatusReport } from './report.ts';
export { statusRoutes } from './routes.ts';
