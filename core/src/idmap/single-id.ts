/** A file the container should see in single-id mode, beside what its image holds. */
export interface SingleIdFile {
  /** Absolute, in the container. */
  readonly path: string;
  readonly content: string;
  /** Add it only when the image has this directory. */
  readonly onlyIn: string;
}

/**
 * What the seccomp filter for a single id can't do: apt's download methods change to the user `_apt` and then *verify* by
 * getuid(2) that they have, which no filter can answer for. apt has a setting for not doing so. dpkg, rpm, dnf, apk and
 * tar only make calls that may succeed without effect, so they need no file.
 */
export function singleIdFiles(): readonly SingleIdFile[] {
  return [
    {
      path: '/etc/apt/apt.conf.d/99wherry-single-id',
      content: 'APT::Sandbox::User "root";\n',
      onlyIn: '/etc/apt/apt.conf.d',
    },
  ];
}
