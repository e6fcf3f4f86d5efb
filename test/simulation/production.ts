// The production loop and client, tied to the simulated world as `bgctl rehearse` ties them; chance is whatever the test makes of it.
import { stage } from '../../src/stage.ts';

export const production = stage();
