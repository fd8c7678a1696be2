'use client';
// How an endpoint is, and what has happened to it.

import { Conditions, History } from '@/components/detail/activity';
import { Sections } from '@/components/detail/section';
import { useThisEndpoint } from '../endpoint-frame';

export default function EndpointActivityPage() {
  const { id, etag, conditions } = useThisEndpoint().endpoint;
  return (
    <Sections>
      <Conditions conditions={conditions} />
      <History id={id} version={etag} conditions={conditions} />
    </Sections>
  );
}
