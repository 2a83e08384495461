export type { ReportParts, StatusReport } from './report.ts';
export { statusRoutes } from './routes.ts';
export { PACKAGED_SOCKET, runtimeSocket } from './socket.ts';
