@NullMarked
package io.headrace.standalone.up;

import org.jspecify.annotations.NullMarked;
