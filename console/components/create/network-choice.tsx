'use client';
// Who may connect to an endpoint: the project's allow-list, or one of its own.

import type { Things } from '@/lib/live/state';
import { rangesOf } from '@/lib/network/allow-list';
import type { components } from '@/lib/api/schema';
import { Checkbox, Radio } from '../field';
import { AllowListEditor } from '../forms/allow-list-editor';
import forms from '../forms/forms.module.css';

export interface AccessDraft {
  own: boolean;
  ranges: string[];
  pods: boolean;
}

type Access = components['schemas']['Access'];

export function accessDraft(access: Access | null | undefined, network: Things['project']['network']): AccessDraft {
  return {
    own: Boolean(access) || !network,
    ranges: access ? [...access.allowedCidrs] : [''],
    pods: access?.inCluster === 'TenantNamespace',
  };
}

/** What is sent: null for the project's list; nothing while there is a mistake in it. */
export function accessOf({ own, ranges, pods }: AccessDraft): Access | null | undefined {
  if (!own) return null;
  const allowedCidrs = rangesOf(ranges);
  return allowedCidrs && { allowedCidrs, inCluster: pods ? 'TenantNamespace' : 'None' };
}

interface NetworkChoiceProps {
  value: AccessDraft;
  onChange: (change: Partial<AccessDraft>) => void;
  network: Things['project']['network'];
  errors: readonly string[];
}

export function NetworkChoice({ value, onChange, network, errors }: NetworkChoiceProps) {
  const { own, ranges, pods } = value;
  return (
    <>
      <fieldset className={forms.group}>
        <legend className={forms.legend}>Who may connect</legend>
        <Radio
          name="allow-list"
          checked={!own}
          onChange={() => onChange({ own: false })}
          disabled={!network}
          label="Whom the project lets in"
          hint={network ? <code>{network.allowedCidrs.join(', ')}</code> : 'The project has no allow-list yet: its settings hold one.'}
        />
        <Radio name="allow-list" checked={own} onChange={() => onChange({ own: true })} label="An allow-list of its own" />
      </fieldset>
      {own && (
        <>
          <AllowListEditor
            label="Allowed ranges"
            hint="Addresses of your clients. Nobody else can reach the endpoint, not even to try a password."
            value={ranges}
            onChange={(next) => onChange({ ranges: next })}
            errors={errors}
          />
          <Checkbox
            checked={pods}
            onChange={(event) => onChange({ pods: event.target.checked })}
            label="Pods of your namespace may connect too"
            hint="Workloads that run in the cluster beside these objects."
          />
        </>
      )}
    </>
  );
}
