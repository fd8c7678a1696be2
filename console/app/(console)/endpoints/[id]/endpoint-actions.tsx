'use client';
// What can be done with an endpoint from all of its pages.

import { Pause, Play } from 'lucide-react';
import { Button } from '@/components/button';
import { toast } from '@/components/toast';
import { useAction } from '@/components/use-action';
import { asProblem } from '@/lib/api/problem';
import { resumeEndpoint, suspendEndpoint } from '@/lib/api/writes';
import type { Things } from '@/lib/live/state';
import { sentence } from '@/lib/words/sentence';

export function EndpointActions({ endpoint }: { endpoint: Things['endpoint'] }) {
  const { id, desiredState, deletingSince } = endpoint;
  const isRunning = desiredState === 'Running';
  const { run, pending } = useAction(async () => {
    try {
      await (isRunning ? suspendEndpoint(id) : resumeEndpoint(id));
    } catch (error) {
      const { title, detail } = asProblem(error);
      toast(detail ? sentence(detail) : title, 'bad');
    }
  });
  if (deletingSince) return null;
  return (
    <Button onClick={run} pending={pending} title={isRunning ? 'It keeps its address and its data' : undefined}>
      {!pending && (isRunning ? <Pause aria-hidden /> : <Play aria-hidden />)}
      {isRunning ? 'Suspend' : 'Resume'}
    </Button>
  );
}
