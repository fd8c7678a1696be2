// Runs once when the server starts: configuration that is wrong ends the process with a message.

export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  const { config } = await import('@/lib/config');
  try {
    // next-auth builds the addresses that it gives to providers from this.
    process.env.NEXTAUTH_URL = config().consoleUrl;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
