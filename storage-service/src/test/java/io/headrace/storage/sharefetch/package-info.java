/** Tests of share fetches. */
@NullMarked
package io.headrace.storage.sharefetch;

import org.jspecify.annotations.NullMarked;
