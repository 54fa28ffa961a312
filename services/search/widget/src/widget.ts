// SPDX-License-Identifier: Apache-2.0

// The entry point: names the elements and what each one draws.

import { define } from './element';
import { latest } from './latest';
import { search } from './search';

define('relais-search', search);
define('relais-latest', latest);
