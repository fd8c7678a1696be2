'use client';
// Processor, memory and disk of an endpoint, with suggestions and the bounds of the API.

import { isLess, quantityError, type Bounds } from '@/lib/kubernetes/quantity';
import { Field, TextInput } from '../field';
import forms from '../forms/forms.module.css';

export interface Sizes {
  cpu: string;
  memory: string;
  storage: string;
}

const BOUNDS: Record<keyof Sizes, Bounds> = {
  cpu: { least: '100m', most: '32', example: '500m' },
  memory: { least: '128Mi', most: '256Gi', example: '1Gi' },
  storage: { least: '256Mi', most: '16Ti', example: '10Gi' },
};

const SUGGESTED: Record<keyof Sizes, string[]> = {
  cpu: ['250m', '500m', '1', '2', '4', '8'],
  memory: ['256Mi', '512Mi', '1Gi', '2Gi', '4Gi', '8Gi', '16Gi'],
  storage: ['1Gi', '5Gi', '10Gi', '20Gi', '50Gi', '100Gi'],
};

const LABELS: Record<keyof Sizes, [label: string, hint: string]> = {
  cpu: ['Processor', '500m is half of one.'],
  memory: ['Memory', 'Such as 512Mi or 2Gi.'],
  storage: ['Disk', 'It can grow later, and never shrinks.'],
};

/** What is wrong with sizes. `present`: the disk that there is, which only grows. */
export function sizeErrors(sizes: Sizes, present?: string): Partial<Sizes> {
  const errors: Partial<Sizes> = {};
  for (const part of ['cpu', 'memory', 'storage'] as const) {
    const error = quantityError(sizes[part], BOUNDS[part]);
    if (error) errors[part] = error;
  }
  if (!errors.storage && present && isLess(sizes.storage, present)) errors.storage = `A disk only grows: write ${present} or more.`;
  return errors;
}

interface SizeFieldsProps {
  value: Sizes;
  onChange: (change: Partial<Sizes>) => void;
  errors: Partial<Sizes>;
}

export function SizeFields({ value, onChange, errors }: SizeFieldsProps) {
  return (
    <div className={forms.row}>
      {(['cpu', 'memory', 'storage'] as const).map((part) => {
        const [label, hint] = LABELS[part];
        return (
          <Field key={part} label={label} hint={hint} error={errors[part]}>
            <TextInput
              value={value[part]}
              onChange={(event) => onChange({ [part]: event.target.value })}
              list={`suggested-${part}`}
              autoComplete="off"
              spellCheck={false}
            />
            <datalist id={`suggested-${part}`}>
              {SUGGESTED[part].map((size) => (
                <option key={size} value={size} />
              ))}
            </datalist>
          </Field>
        );
      })}
    </div>
  );
}
