// A controller that nobody watches: for reading and asking.
import type { Controller } from '../controller/controller.ts';
import type { Connection } from './connect.ts';

export function quietly(connection: Connection): Controller {
  return connection.controller({ turned() {}, wrote() {} });
}
