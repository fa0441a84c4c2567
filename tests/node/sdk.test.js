// The official Node.js SDK judges the emulator, the program that OSS_EMULATOR names.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const http = require('node:http');
const readline = require('node:readline');
const { after, before, describe, it } = require('node:test');
const OSS = require('ali-oss');

const BUCKET = 'test-bucket';
let emulator;
let hello;

before(async () => {
  // It ends when this process does, however that happens: its standard input closes.
  emulator = spawn(process.env.OSS_EMULATOR, ['--print-json', '--exit-with-stdin'], { stdio: ['pipe', 'pipe', 'inherit'] });
  for await (const line of readline.createInterface({ input: emulator.stdout })) {
    hello = JSON.parse(line);
    break;
  }
});

after(() => emulator.stdin.end());

function client(authorizationV4, more) {
  return new OSS({
    endpoint: hello.endpoint,
    region: `oss-${hello.region}`,
    bucket: BUCKET,
    accessKeyId: hello.access_key_id,
    accessKeySecret: hello.access_key_secret,
    authorizationV4,
    ...more,
  });
}

// Sends a request without a body, whatever its headers say of one.
function get(url, headers) {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { headers }, (reply) => {
      const pieces = [];
      reply.on('data', (piece) => pieces.push(piece));
      reply.on('end', () => resolve({ status: reply.statusCode, body: Buffer.concat(pieces).toString() }));
    });
    request.on('error', reject);
  });
}

for (const v4 of [false, true]) {
  describe(v4 ? 'with V4' : 'with V1', () => {
    const folder = `node-${v4 ? 'v4' : 'v1'}/`;

    it('an object comes back as it was put', async () => {
      const key = `${folder}名 a+b`;
      await client(v4).put(key, Buffer.from('data'), { meta: { author: 'someone' }, mime: 'text/x-test' });
      const found = await client(v4).get(key);
      assert.equal(found.content.toString(), 'data');
      assert.equal(found.res.headers['content-type'], 'text/x-test');
      assert.deepEqual((await client(v4).head(key)).meta, { author: 'someone' });
      await client(v4).delete(key);
      await assert.rejects(client(v4).get(key), { code: 'NoSuchKey' });
    });

    it('listings say whose the objects are', async () => {
      const prefix = `${folder}listed/`;
      for (const name of ['1', '2', 'folder/3']) {
        await client(v4).put(prefix + name, Buffer.from('data'));
      }
      const names = (listed) => listed.objects.map((object) => object.name);
      const list = await client(v4).list({ prefix, delimiter: '/' });
      assert.deepEqual([names(list), list.prefixes], [[`${prefix}1`, `${prefix}2`], [`${prefix}folder/`]]);
      assert.ok(list.objects[0].owner.id);
      const page = await client(v4).listV2({ prefix, 'start-after': `${prefix}1`, 'max-keys': 1, 'fetch-owner': true });
      assert.deepEqual([names(page), page.isTruncated], [[`${prefix}2`], true]);
      assert.ok(page.objects[0].owner.id);
      const rest = await client(v4).listV2({ prefix, 'continuation-token': page.nextContinuationToken });
      assert.deepEqual([names(rest), rest.isTruncated, rest.objects[0].owner], [[`${prefix}folder/3`], false, null]);
      const versions = await client(v4).getBucketVersions({ prefix });
      assert.ok(versions.objects[0].owner.id);
      assert.ok((await client(v4).listBuckets()).buckets.some((bucket) => bucket.name === BUCKET));
    });

    it('a file is uploaded in parts', async () => {
      const key = `${folder}parts`;
      const data = Buffer.alloc(250 * 1024, 'abcdefghijk');
      await client(v4).multipartUpload(key, data, { partSize: 100 * 1024, parallel: 2 });
      assert.ok((await client(v4).get(key)).content.equals(data));
    });
  });
}

it('a signed URL may have its user announce a body that does not come', async () => {
  await client(true).put('announced', Buffer.from('data'));
  const headers = { 'Content-Length': '4' };
  // In signed URLs the bucket is in the path only if it is asked for.
  const url = await client(true, { sldEnable: true }).signatureUrlV4('GET', 60, { headers }, 'announced', ['content-length']);
  assert.deepEqual(await get(url, headers), { status: 200, body: 'data' });
});
