@NullMarked
package io.headrace.storage.forward;

import org.jspecify.annotations.NullMarked;
