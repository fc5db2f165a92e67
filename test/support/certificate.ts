/** Certificates that nobody else knows, as by an authority of one's own. In: openssl. Out: files of PEM. */
import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

export interface Certificate {
  /** Paths. */
  readonly key: string;
  readonly certificate: string;
}

export function opensslIsThere(): boolean {
  return openssl('version');
}

/** Of 127.0.0.1, for a day, signed by itself; the folder is made. */
export async function selfSigned(folder: string): Promise<Certificate> {
  await mkdir(folder, { recursive: true });
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const made = openssl(
    ...'req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1'.split(' '),
    '-addext',
    'subjectAltName=IP:127.0.0.1',
    '-keyout',
    key,
    '-out',
    certificate,
  );
  if (!made) throw new Error('openssl made no certificate');
  return { key, certificate };
}

function openssl(...argv: readonly string[]): boolean {
  return spawnSync('openssl', argv, { stdio: 'ignore' }).status === 0;
}
