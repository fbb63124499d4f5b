/** Tests of the whole platform, run as a person would run it. */
@NullMarked
package io.headrace.standalone;

import org.jspecify.annotations.NullMarked;
