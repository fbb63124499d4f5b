/** HTTP, server-sent events and the WebSocket against the platform. */
@NullMarked
package io.headrace.standalone.http;

import org.jspecify.annotations.NullMarked;
