import { ENGINES } from '../../interop/lib/server.mjs';
import { killings } from '../lib/killing.mjs';

if (ENGINES.includes('postgres')) killings('postgres');
