// Judges requests and responses by DigitalOcean's published API description, where it lies beside the checkout.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';
import { fullFormats } from 'ajv-formats/dist/formats.js';

export interface OpenApi {
  /** What is wrong with a request; empty when nothing is. `path` begins with /v2 and may have a query. */
  validateRequest(method: string, path: string, body?: unknown): string[];
  /** What is wrong with a response. A body of undefined or '' is none at all. */
  validateResponse(method: string, path: string, status: number, body?: unknown): string[];
}

export const openapiFile = '../shared/do/openapi-subset.json';

let read: OpenApi | null | undefined;

/** The description, read once; null when the file is not there. */
export function openapi(): OpenApi | null {
  if (read === undefined) {
    const file = fileURLToPath(new URL(`../../${openapiFile}`, import.meta.url));
    read = existsSync(file) ? openapiFrom(JSON.parse(readFileSync(file, 'utf8'))) : null;
  }
  return read;
}

type Json = { [name: string]: Json };

function openapiFrom(document: Json): OpenApi {
  const ajv = new Ajv({ strict: false, allErrors: true, formats: fullFormats });
  ajv.addSchema(document, 'do.json');
  const compiled = new Map<string, ValidateFunction>();
  const templates = Object.keys(document.paths ?? {}).map((template) => ({
    template,
    pattern: new RegExp(`^${template.replace(/\{[^}]+\}/g, '[^/]+')}$`),
  }));

  const complaints = (pointer: string, value: unknown, what: string): string[] => {
    const schema = followed(document, `${pointer}/content/application~1json/schema`);
    if (schema === null) return value === undefined ? [] : [`${what}: a body where none belongs`];
    const check = compiled.get(schema) ?? ajv.compile({ $ref: `do.json#${schema}` });
    compiled.set(schema, check);
    if (check(value)) return [];
    return (check.errors ?? []).map((error) => `${what}${error.instancePath}: ${error.message}`);
  };

  const operation = (method: string, path: string): string | null => {
    const bare = path.replace(/\?.*$/s, '');
    // A fixed path wins over one with parameters, as in /v2/projects/default/resources.
    const found =
      templates.find(({ template }) => template === bare) ??
      templates.find(({ pattern }) => pattern.test(bare));
    if (found === undefined) return null;
    const verb = method.toLowerCase();
    if (document.paths?.[found.template]?.[verb] === undefined) return null;
    return `/paths/${escaped(found.template)}/${verb}`;
  };

  return {
    validateRequest(method, path, body) {
      const at = operation(method, path);
      if (at === null) return [`${method} ${path} is not in the description`];
      return complaints(`${at}/requestBody`, body, `request to ${method} ${path}`);
    },
    validateResponse(method, path, status, body) {
      const at = operation(method, path);
      if (at === null) return [`${method} ${path} is not in the description`];
      const named = followed(document, `${at}/responses/${status}`) !== null ? status : 'default';
      const value = body === '' ? undefined : body;
      return complaints(`${at}/responses/${named}`, value, `${status} of ${method} ${path}`);
    },
  };
}

/** The place that a JSON pointer means once the references on its way are followed; null: nowhere. */
function followed(document: Json, pointer: string): string | null {
  let place = '';
  let node: unknown = document;
  for (const part of pointer.split('/').slice(1)) {
    [place, node] = dereferenced(document, place, node);
    const key = part.replace(/~1/g, '/').replace(/~0/g, '~');
    node = (node as Json | undefined)?.[key];
    if (node === undefined) return null;
    place = `${place}/${part}`;
  }
  return dereferenced(document, place, node)[0];
}

function dereferenced(document: Json, place: string, node: unknown): [string, unknown] {
  const reference: unknown = (node as { $ref?: unknown } | null)?.$ref;
  if (typeof reference !== 'string') return [place, node];
  const target = reference.replace(/^#/, '');
  let found: unknown = document;
  for (const part of target.split('/').slice(1))
    found = (found as Json)[part.replace(/~1/g, '/').replace(/~0/g, '~')];
  return dereferenced(document, target, found);
}

const escaped = (key: string) => key.replace(/~/g, '~0').replace(/\//g, '~1');
