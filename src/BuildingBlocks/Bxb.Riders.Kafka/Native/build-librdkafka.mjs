// Builds librdkafka, the C library below the Kafka client, from its source in the npm registry into the cache of this machine:
// <cache>/librdkafka-2.15.1 with librdkafka.so and, beside it, librdkafka.features and librdkafka.licenses.txt. About a minute, once a machine.
// TLS (and with it SASL by PLAIN, SCRAM and OAUTHBEARER) comes in when OpenSSL's headers are there, GSSAPI with Cyrus SASL's, gzip
// with zlib's, zstd with zstd's; lz4 and snappy always. To have it built again with more, delete the folder.
// Exit code 0: it is there, and the last line of the output is its path. 1: it is not, and one sentence on standard error says why.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const version = '2.15.1';
const source = '@confluentinc/kafka-javascript@1.10.1';
const integrity = 'sha512-KVePUBn21EqCVP9mfxzEuM3SYJHHEF7X+iiC2e43QQgDSyEaksInmCGooT3w5q+cNAdkSCrK71j0ICfqoSqZLw==';
const features = { SSL: 'tls', SASL_SCRAM: 'scram', SASL_OAUTHBEARER: 'oauthbearer', SASL_CYRUS: 'gssapi', ZLIB: 'gzip', ZSTD: 'zstd' };

// Beside the script in a host's folder, beside the other script that uses it in the source.
const here = path.dirname(fileURLToPath(import.meta.url));
const shared = [path.join(here, 'machine-cache.mjs'), path.join(here, '../../Bxb.Embedded/Binaries/machine-cache.mjs')].find(p => fs.existsSync(p));
const { cacheRoot, makeOnce, run, unpackFromNpm } = await import(shared);

const target = path.join(cacheRoot(), `librdkafka-${version}`);
try {
  makeOnce(target, `${integrity} ${process.arch}`, build);
  console.log(path.join(target, 'librdkafka.so'));
} catch (error) {
  console.error(`librdkafka ${version} could not be built: ${error.message}`);
  process.exitCode = 1;
}

function build(work) {
  requireTools();
  console.log(`Building librdkafka ${version} into ${target} (once per machine, about a minute)`);
  const folder = path.join(unpackFromNpm(source, integrity, work), 'deps', 'librdkafka');
  // It asks for a C++ compiler, and nothing that is built here needs one.
  process.env.CXX = process.env.CC = compiler();
  run('bash', ['./configure', '--disable-curl', '--disable-lz4-ext', '--disable-syslog', '--disable-debug-symbols'], folder);
  run('make', ['-j2', '-C', 'src', 'librdkafka.so.1'], folder);

  const result = path.join(work, 'result');
  fs.mkdirSync(result);
  fs.copyFileSync(path.join(folder, 'src', 'librdkafka.so.1'), path.join(result, 'librdkafka.so'));
  fs.copyFileSync(path.join(folder, 'LICENSES.txt'), path.join(result, 'librdkafka.licenses.txt'));
  run('strip', ['--strip-unneeded', 'librdkafka.so'], result);
  const builtWith = /#define BUILT_WITH "(.*)"/.exec(fs.readFileSync(path.join(folder, 'config.h'), 'utf8'))[1].split(' ');
  const names = ['lz4', 'snappy', ...Object.keys(features).filter(f => builtWith.includes(f)).map(f => features[f])];
  fs.writeFileSync(path.join(result, 'librdkafka.features'), names.join(' ') + '\n');
  console.log(`Built with ${names.join(', ')}`);
  return result;
}

function requireTools() {
  if (process.platform !== 'linux') {
    throw new Error(`this script knows Linux only, and this is ${process.platform}; put the library of that version beside the application.`);
  }
  const missing = ['bash', 'tar', 'make', 'strip', 'npm'].filter(tool => !isOnPath(tool));
  if (!compiler()) {
    missing.unshift('a C compiler');
  }
  if (missing.length > 0) {
    throw new Error(`${missing.join(', ')} cannot be found on this machine. Install them (Debian and Ubuntu: apt-get install gcc libc6-dev make npm, with libssl-dev for TLS `
      + 'and libsasl2-dev for GSSAPI), or copy the folder from a machine that has it.');
  }
}

function compiler() {
  return ['gcc', 'clang', 'cc'].find(isOnPath);
}

function isOnPath(tool) {
  return (process.env.PATH || '').split(':').some(folder => folder && fs.existsSync(path.join(folder, tool)));
}
