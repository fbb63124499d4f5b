/** Unmodified client libraries against the platform. */
@NullMarked
package io.headrace.standalone.clients;

import org.jspecify.annotations.NullMarked;
