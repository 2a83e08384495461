import { z } from 'zod';

/** The JSON Schema of what a file may hold, before it is parsed. Quantities with their units are texts. */
export function fileJsonSchema(title: string, schema: z.ZodType): object {
  const override = ({
    zodSchema,
    jsonSchema,
  }: {
    zodSchema: z.core.$ZodTypes;
    jsonSchema: Record<string, unknown>;
  }) => {
    if (zodSchema._zod.def.type === 'unknown') Object.assign(jsonSchema, { type: 'string' });
  };
  return { title, ...z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', override }) };
}
