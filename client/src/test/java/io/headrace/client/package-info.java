/** Tests of the client against a real cluster. */
@NullMarked
package io.headrace.client;

import org.jspecify.annotations.NullMarked;
