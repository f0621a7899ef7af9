using System.Text;

namespace Microsoft.ML.FeatureMining.Tests.Datasets;

/// <summary>Damages a file at random, in ways that often break parsers.</summary>
internal static class Mutation
{
    private static readonly byte[][] Tokens =
    [
        .. (
            (string[])
                [
                    "\"",
                    "\"\"",
                    ",",
                    "\t",
                    "\r",
                    "\n",
                    "\r\n",
                    "\n\n\n",
                    "\0",
                    "-1",
                    "0",
                    "99999999999999999999",
                    "NaN",
                    "1e39",
                    "-0.0",
                    " ",
                    "../",
                    "/",
                    "\\",
                    "\uFEFF",
                    "\uFFFD",
                    "<",
                    ">",
                    "&",
                    "&x;",
                    "&#0;",
                    "<!DOCTYPE a [<!ENTITY x \"y\">]>",
                    "<a>",
                    "</object>",
                    "<object>",
                    "<bndbox/>",
                    "<![CDATA[",
                    "<?xml version=\"1.0\" encoding=\"utf-16\"?>",
                    "n00000001",
                ]
        ).Select(Encoding.UTF8.GetBytes),
        [0xFF, 0xFE],
        [0x80],
        [0xC3],
        [0xED, 0xA0, 0x80],
    ];

    public static byte[] Of(byte[] file, Random random)
    {
        List<byte> bytes = [.. file];
        for (int change = random.Next(1, 5); change > 0; change--)
        {
            int at = random.Next(bytes.Count + 1);
            switch (random.Next(7))
            {
                case 0 or 1 when at < bytes.Count:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 3:
                    bytes.InsertRange(at, Tokens[random.Next(Tokens.Length)]);
                    break;
                case 4:
                    bytes.RemoveRange(at, random.Next(Math.Min(20, bytes.Count - at) + 1));
                    break;
                case 5: // repeats a part
                    bytes.InsertRange(at, bytes.GetRange(at, random.Next(bytes.Count - at + 1)));
                    break;
                case 6 when random.Next(4) == 0:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }
        return [.. bytes];
    }
}
