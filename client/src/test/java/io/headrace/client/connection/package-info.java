/** Tests of {@code connection}. */
@NullMarked
package io.headrace.client.connection;

import org.jspecify.annotations.NullMarked;
