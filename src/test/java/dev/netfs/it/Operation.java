package dev.netfs.it;

import java.util.List;

/**
 * One random operation.
 *
 * @param text what it does, for the log of a run that fails
 * @param names the names it goes by; none for an operation of an open channel
 * @param alone whether everything has to be closed before it
 * @param deed does it
 */
record Operation(String text, List<String> names, boolean alone, Side.Deed deed) {}
