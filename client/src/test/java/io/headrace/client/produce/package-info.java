/** Tests of {@code produce}. */
@NullMarked
package io.headrace.client.produce;

import org.jspecify.annotations.NullMarked;
