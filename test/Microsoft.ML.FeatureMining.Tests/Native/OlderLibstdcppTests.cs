using System.Buffers.Binary;
using System.Text;
using Microsoft.ML.FeatureMining.Native;

namespace Microsoft.ML.FeatureMining.Tests.Native;

public sealed class OlderLibstdcppTests
{
    private const string Import = "_ZSt21ios_base_library_initv",
        Substitute = "_ZNSt6chrono3_V212steady_clock3nowEv";
    private const ushort New = 18,
        Old = 20; // version indices of GLIBCXX_3.4.32 and GLIBCXX_3.4.19

    private static readonly (string Name, ushort Version)[] Symbols = [("", 0), ("_ZNSolsEi", 2), (Import, New), ("memcpy", 3), (Substitute, Old)];

    [Fact]
    public void Adapt_LibraryThatNeedsOnlyTheInitializer_ChangesThreeFields()
    {
        byte[] library = Elf(Symbols, out Layout layout);

        byte[] adapted = OlderLibstdcpp.Adapt(library);

        byte[] expected = [.. library];
        // Elf64_Sym.st_name, Elf64_Versym, Elf64_Vernaux.vna_flags.
        expected.AsSpan(layout.Symbol(4), 4).CopyTo(expected.AsSpan(layout.Symbol(2)));
        BinaryPrimitives.WriteUInt16LittleEndian(expected.AsSpan(layout.Version(2)), Old);
        BinaryPrimitives.WriteUInt16LittleEndian(expected.AsSpan(layout.NewNeed + 4), 2); // VER_FLG_WEAK
        Assert.Equal(expected, adapted);
    }

    [Fact]
    public void Adapt_LibraryThatNeedsMoreOfTheNewVersion_IsRejectedWithTheSymbol()
    {
        byte[] library = Elf([.. Symbols, ("_ZNSt3fooEv", New)], out _);

        Assert.Contains("_ZNSt3fooEv", Assert.Throws<NotSupportedException>(() => OlderLibstdcpp.Adapt(library)).Message);
    }

    [Theory]
    [InlineData(Import)]
    [InlineData(Substitute)]
    public void Adapt_LibraryWithoutOneOfTheTwoImports_IsRejected(string missing)
    {
        byte[] library = Elf([.. Symbols.Where(symbol => symbol.Name != missing)], out _);

        Assert.Contains(missing, Assert.Throws<NotSupportedException>(() => OlderLibstdcpp.Adapt(library)).Message);
    }

    [Fact]
    public void Adapt_TruncatedLibrary_IsRejected()
    {
        byte[] library = Elf(Symbols, out _);

        for (int length = 0; length < library.Length; length++)
        {
            Assert.Throws<NotSupportedException>(() => OlderLibstdcpp.Adapt(library.AsSpan(0, length)));
        }
    }

    [Fact]
    public void Adapt_CorruptLibrary_IsAdaptedOrRejected()
    {
        byte[] library = Elf(Symbols, out _);
        Random random = new(1);
        for (int i = 0; i < 3000; i++)
        {
            byte[] damaged = [.. library];
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            Exception? problem = Record.Exception(() => OlderLibstdcpp.Adapt(damaged));
            Assert.True(problem is null or NotSupportedException, problem?.ToString());
        }
    }

    [SkippableFact]
    public void Adapt_TorchSharpsOwnLibrary_ChangesAtMostEightBytes()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so");
        Skip.IfNot(File.Exists(path), "TorchSharp's native library for Linux is not beside the tests.");
        byte[] library = File.ReadAllBytes(path);

        byte[] adapted = OlderLibstdcpp.Adapt(library);

        Assert.Equal(library.Length, adapted.Length);
        Assert.InRange(library.Zip(adapted).Count(pair => pair.First != pair.Second), 3, 8);
    }

    // .dynstr, .dynsym, .gnu.version and .gnu.version_r, which the loader needs for versioned symbols, then the section header table.
    private static byte[] Elf((string Name, ushort Version)[] symbols, out Layout layout)
    {
        const int header = 64;
        List<byte> file = [.. new byte[header]];
        Dictionary<string, int> texts = [];
        int names = file.Count;
        foreach (
            string text in symbols
                .Select(symbol => symbol.Name)
                .Append("libstdc++.so.6")
                .Append("libc.so.6")
                .Append("GLIBCXX_3.4.32")
                .Append("GLIBCXX_3.4.19")
                .Append("GLIBC_2.14")
        )
        {
            texts.TryAdd(text, file.Count - names);
            file.AddRange([.. Encoding.ASCII.GetBytes(text), 0]);
        }

        int nameBytes = file.Count - names,
            symbolTable = file.Count;
        foreach ((string name, _) in symbols)
        {
            file.AddRange([.. U32((uint)texts[name]), .. new byte[20]]);
        }

        int versions = file.Count;
        foreach ((_, ushort version) in symbols)
        {
            file.AddRange(U16(version));
        }

        int needs = file.Count;
        file.AddRange([.. U16(1), .. U16(1), .. U32((uint)texts["libc.so.6"]), .. U32(16), .. U32(32)]);
        file.AddRange([.. U32(0), .. U16(0), .. U16(3), .. U32((uint)texts["GLIBC_2.14"]), .. U32(0)]);
        file.AddRange([.. U16(1), .. U16(2), .. U32((uint)texts["libstdc++.so.6"]), .. U32(16), .. U32(0)]);
        file.AddRange([.. U32(0), .. U16(0), .. U16(Old), .. U32((uint)texts["GLIBCXX_3.4.19"]), .. U32(16)]);
        int newNeed = file.Count;
        file.AddRange([.. U32(0), .. U16(0), .. U16(New), .. U32((uint)texts["GLIBCXX_3.4.32"]), .. U32(0)]);

        int sections = file.Count;
        file.AddRange(new byte[64]);
        file.AddRange(Section(3, names, nameBytes, link: 0));
        file.AddRange(Section(11, symbolTable, versions - symbolTable, link: 1));
        file.AddRange(Section(0x6fffffff, versions, needs - versions, link: 2));
        file.AddRange(Section(0x6ffffffe, needs, sections - needs, link: 1));

        byte[] bytes = [.. file];
        "\u007fELF\u0002\u0001\u0001"u8.CopyTo(bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(0x28), (ulong)sections);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(0x3A), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(0x3C), 5);
        layout = new Layout(symbolTable, versions, newNeed);
        return bytes;
    }

    private static byte[] Section(uint type, int offset, int size, uint link) =>
        [.. U32(0), .. U32(type), .. U64(0), .. U64(0), .. U64((ulong)offset), .. U64((ulong)size), .. U32(link), .. U32(0), .. U64(8), .. U64(0)];

    private static byte[] U16(ushort value) => BitConverter.GetBytes(value);

    private static byte[] U32(uint value) => BitConverter.GetBytes(value);

    private static byte[] U64(ulong value) => BitConverter.GetBytes(value);

    private readonly record struct Layout(int Symbols, int Versions, int NewNeed)
    {
        public int Symbol(int index) => Symbols + (24 * index);

        public int Version(int index) => Versions + (2 * index);
    }
}
