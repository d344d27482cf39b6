package dev.netfs.testing;

import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Loads what is on the class path anew, as if some of it were not there. */
public final class HidingLoader extends URLClassLoader {
  private final List<String> hidden;

  /**
   * @param hidden what the names of the classes begin with that are not there
   */
  public HidingLoader(String... hidden) throws MalformedURLException {
    super(urls(), ClassLoader.getPlatformClassLoader());
    this.hidden = List.of(hidden);
  }

  private static URL[] urls() throws MalformedURLException {
    List<URL> urls = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      urls.add(Path.of(entry).toUri().toURL());
    }
    return urls.toArray(URL[]::new);
  }

  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    if (hidden.stream().anyMatch(name::startsWith)) {
      throw new ClassNotFoundException(name);
    }
    return super.findClass(name);
  }

  @Override
  public URL findResource(String name) {
    String asClass = name.replace('/', '.');
    return hidden.stream().anyMatch(asClass::startsWith) ? null : super.findResource(name);
  }
}
