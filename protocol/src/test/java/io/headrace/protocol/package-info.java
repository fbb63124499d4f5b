/** Tests of the whole module: the rules between its rooms. */
@NullMarked
package io.headrace.protocol;

import org.jspecify.annotations.NullMarked;
