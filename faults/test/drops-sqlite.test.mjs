import { drops } from '../lib/dropping.mjs';

drops('sqlite');
