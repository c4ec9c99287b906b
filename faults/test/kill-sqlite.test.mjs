import { killings } from '../lib/killing.mjs';

killings('sqlite');
