@NullMarked
package io.headrace.storage.share;

import org.jspecify.annotations.NullMarked;
