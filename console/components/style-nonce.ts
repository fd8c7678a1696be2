'use client';
// Dialogs and menus keep the page behind them from scrolling with a style element that they add. The
// Content-Security-Policy takes it only with the nonce of this page, which is told to them here.

import { setNonce } from 'get-nonce';
import { useLayoutEffect } from 'react';

/** To be called by whatever renders such a primitive. Children's effects run first, but theirs wait for opening. */
export function useStyleNonce(): void {
  useLayoutEffect(() => {
    const nonce = document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce;
    if (nonce) setNonce(nonce);
  }, []);
}
