/** Tests of {@code produce.send}. */
@NullMarked
package io.headrace.client.produce.send;

import org.jspecify.annotations.NullMarked;
