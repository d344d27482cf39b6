package java.lang.foreign;

/** What of JDK 22's interface is used: for the compiler alone, in no jar. */
public interface Arena {
  MemorySegment.Scope scope();
}
