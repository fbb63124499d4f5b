/** Tests of {@code group}. */
@NullMarked
package io.headrace.client.group;

import org.jspecify.annotations.NullMarked;
