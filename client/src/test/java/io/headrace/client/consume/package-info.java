/** Tests of {@code consume}. */
@NullMarked
package io.headrace.client.consume;

import org.jspecify.annotations.NullMarked;
