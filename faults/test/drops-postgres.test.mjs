import { ENGINES } from '../../interop/lib/server.mjs';
import { drops } from '../lib/dropping.mjs';

if (ENGINES.includes('postgres')) drops('postgres');
