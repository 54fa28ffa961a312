// SPDX-License-Identifier: Apache-2.0

// The entry point: names the elements and what each one draws.

import './style.css'; // what is least like code comes first: the rest then packs better
import './strings';
import { bar } from './bar';
import { block } from './block';
import { define } from './element';
import { list } from './list';
import { search } from './search';

define('relais-search', search);
define('relais-latest', block('latest', list));
define('relais-related', block('related', list));
define('relais-share', block('share', bar));
