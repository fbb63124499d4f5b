/** Tests of the room of the same name. */
@NullMarked
package io.headrace.storage.handler.records;

import org.jspecify.annotations.NullMarked;
