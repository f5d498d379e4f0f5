// What this machine keeps between builds, one folder each: <cache>/<name>-<version>, with a file .complete that says what it was made of.
// A folder appears by one rename, complete or not at all, so two makers at once and a maker that was killed do no harm.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const lockWaitMs = 10 * 60 * 1000;
process.umask(0o022); // PostgreSQL runs as another user when the host is root: it must be able to read what lies here.

export function cacheRoot() {
  if (process.env.BXB_ENGINE_CACHE) {
    return path.resolve(process.env.BXB_ENGINE_CACHE);
  }
  if (process.getuid && process.getuid() === 0) {
    return '/var/cache/bxb/engines';
  }
  return path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'bxb', 'engines');
}

export function isComplete(target, stamp) {
  try {
    return fs.readFileSync(path.join(target, '.complete'), 'utf8').trim() === stamp;
  } catch {
    return false;
  }
}

// Has `make(work)` fill a folder below the empty folder `work` and return its name; it becomes `target`. Does nothing when that is there.
export function makeOnce(target, stamp, make) {
  if (isComplete(target, stamp)) {
    return;
  }
  fs.mkdirSync(path.dirname(target), { recursive: true });
  const release = lock(`${target}.lock`);
  try {
    if (isComplete(target, stamp)) {
      return;
    }
    removeLeftovers(target);
    const work = fs.mkdtempSync(`${target}.tmp-${process.pid}-`);
    fs.chmodSync(work, 0o755);
    try {
      const folder = make(work);
      makeReadable(folder);
      fs.writeFileSync(path.join(folder, '.complete'), stamp + '\n');
      fs.rmSync(target, { recursive: true, force: true }); // Made of something else, or damaged by hand.
      fs.renameSync(folder, target);
    } finally {
      fs.rmSync(work, { recursive: true, force: true });
    }
  } finally {
    release();
  }
}

// Fetches a package from the npm registry into `work` and unpacks it; returns the folder. The archive must have the hash `integrity`.
export function unpackFromNpm(spec, integrity, work) {
  run('npm', ['pack', spec, '--prefer-offline', '--loglevel=error', '--pack-destination', work], work);
  const archive = fs.readdirSync(work).find(name => name.endsWith('.tgz'));
  if (!archive) {
    throw new Error('npm pack left no archive');
  }
  const hash = createHash('sha512').update(fs.readFileSync(path.join(work, archive))).digest('base64');
  if (`sha512-${hash}` !== integrity) {
    throw new Error(`the archive has the hash sha512-${hash}, and ${integrity} was asked for`);
  }
  run('tar', ['-xzf', archive, '--no-same-owner'], work);
  return path.join(work, 'package');
}

export function run(command, args, cwd) {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 64 << 20 });
  if (result.error) {
    throw new Error(`${command} could not be started (${result.error.message})`);
  }
  if (result.status !== 0) {
    const lines = `${result.stderr}\n${result.stdout}`.split('\n').filter(line => line.trim() && !/\bwarn(ing)?\b/i.test(line));
    throw new Error(`${command} ended with ${result.status}: ${lines.slice(0, 3).join(' ')}`);
  }
  return result.stdout;
}

function makeReadable(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const name = path.join(entry.parentPath ?? entry.path, entry.name);
    if (entry.isDirectory()) {
      fs.chmodSync(name, 0o755);
    } else if (entry.isFile()) {
      const executable = path.basename(path.dirname(name)) === 'bin' || /\.(so|dylib)(\.|$)/.test(entry.name);
      fs.chmodSync(name, executable ? 0o755 : 0o644);
    }
  }
  fs.chmodSync(folder, 0o755);
}

function lock(name) {
  const until = Date.now() + lockWaitMs;
  for (;;) {
    try {
      fs.writeFileSync(name, String(process.pid), { flag: 'wx' });
      return () => fs.rmSync(name, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') {
        throw error;
      }
    }
    const owner = readPid(name);
    if (owner === null || !isAlive(owner)) {
      fs.rmSync(name, { force: true });
    } else if (Date.now() > until) {
      throw new Error(`process ${owner} has held ${name} for ten minutes`);
    } else {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
}

function readPid(name) {
  try {
    const pid = Number.parseInt(fs.readFileSync(name, 'utf8'), 10);
    return Number.isFinite(pid) ? pid : fs.statSync(name).mtimeMs > Date.now() - 2000 ? process.ppid : null;
  } catch {
    return null;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function removeLeftovers(target) {
  const name = path.basename(target);
  const root = path.dirname(target);
  for (const entry of fs.readdirSync(root)) {
    const match = entry.startsWith(`${name}.tmp-`) && /\.tmp-(\d+)-/.exec(entry);
    if (match && !isAlive(Number(match[1]))) {
      fs.rmSync(path.join(root, entry), { recursive: true, force: true });
    }
  }
}
