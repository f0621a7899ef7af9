using System.Buffers.Binary;
using System.Text;

namespace Microsoft.ML.FeatureMining.Native;

/// <summary>
/// Makes an ELF library that was built with GCC 13 or later load with an older libstdc++ (Debian 12, Ubuntu 22.04). Every file that includes
/// <c>&lt;iostream&gt;</c> imports <c>std::ios_base_library_init()</c>, version GLIBCXX_3.4.32. That function only makes sure that <c>std::cout</c> and the
/// other streams are initialized, which the static initializers of libtorch and of older versions of libstdc++ do anyway. So the import is redirected to a
/// harmless function that the library already imports.
/// </summary>
internal static class OlderLibstdcpp
{
    public const string Version = "GLIBCXX_3.4.32";

    private const string Import = "_ZSt21ios_base_library_initv"; // std::ios_base_library_init()
    private const string Substitute = "_ZNSt6chrono3_V212steady_clock3nowEv"; // std::chrono::steady_clock::now(): no parameters, no side effects

    private const int SymbolSize = 24,
        SectionHeaderSize = 64;
    private const uint DynamicSymbols = 11,
        VersionNeeds = 0x6ffffffe,
        VersionOfSymbol = 0x6fffffff;
    private const ushort WeakVersion = 2;

    /// <param name="library">A 64-bit little-endian ELF file.</param>
    /// <returns>A copy with three fields changed: the name of the import, its version, and a flag that marks the now unused version as optional.</returns>
    /// <exception cref="NotSupportedException">
    /// The file is not such a library, or it needs other symbols of the newer libstdc++; the message names them.
    /// </exception>
    public static byte[] Adapt(ReadOnlySpan<byte> library)
    {
        if (!library.StartsWith("\u007fELF\u0002\u0001"u8))
        {
            throw new NotSupportedException("The file is not a 64-bit little-endian ELF library.");
        }

        byte[] file = library.ToArray();
        try
        {
            Edit(file);
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or IndexOutOfRangeException or OverflowException)
        {
            throw new NotSupportedException("The ELF file is corrupt.", e);
        }

        return file;
    }

    private static void Edit(byte[] file)
    {
        Section[] sections = Sections(file);
        Section symbols = Only(sections, DynamicSymbols),
            versions = Only(sections, VersionOfSymbol),
            needs = Only(sections, VersionNeeds);
        int names = sections[symbols.Link].Offset;

        Dictionary<string, int> symbolOf = [];
        for (int i = 0; i < symbols.Size / SymbolSize; i++)
        {
            symbolOf.TryAdd(Text(file, names + checked((int)U32(file, symbols.Offset + (i * SymbolSize)))), i);
        }

        if (!symbolOf.TryGetValue(Import, out int import) || !symbolOf.TryGetValue(Substitute, out int substitute))
        {
            throw new NotSupportedException($"The library does not import both {Import} and {Substitute}.");
        }

        ushort version = U16(file, versions.Offset + (2 * import));
        string[] others =
        [
            .. symbolOf.Where(symbol => symbol.Value != import && U16(file, versions.Offset + (2 * symbol.Value)) == version).Select(symbol => symbol.Key),
        ];
        if (others.Length > 0)
        {
            throw new NotSupportedException($"The library needs symbols of {Version} that cannot be replaced: {string.Join(", ", others)}.");
        }

        int need = NeedOf(file, needs, version);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(symbols.Offset + (import * SymbolSize)), U32(file, symbols.Offset + (substitute * SymbolSize)));
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(versions.Offset + (2 * import)), U16(file, versions.Offset + (2 * substitute)));
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(need + 4), (ushort)(U16(file, need + 4) | WeakVersion));
    }

    // Offset of the Elf64_Vernaux entry with this version index.
    private static int NeedOf(byte[] file, Section needs, ushort version)
    {
        int library = needs.Offset;
        while (true)
        {
            int entry = checked(library + (int)U32(file, library + 8));
            for (int left = U16(file, library + 2); left > 0; left--)
            {
                if (U16(file, entry + 6) == version)
                {
                    return entry;
                }

                entry = checked(entry + (int)U32(file, entry + 12));
            }

            uint next = U32(file, library + 12);
            if (next == 0)
            {
                throw new NotSupportedException(
                    "The ELF file is corrupt: its symbol version table refers to a version that its version requirements " + "do not list."
                );
            }

            library = checked(library + (int)next);
        }
    }

    private static Section[] Sections(byte[] file)
    {
        int start = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(0x28))),
            count = U16(file, 0x3C);
        _ = file.AsSpan(start, count * SectionHeaderSize);
        return
        [
            .. Enumerable
                .Range(0, count)
                .Select(i => start + (i * SectionHeaderSize))
                .Select(at => new Section(
                    U32(file, at + 4),
                    checked((int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at + 24))),
                    checked((int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at + 32))),
                    checked((int)U32(file, at + 40))
                )),
        ];
    }

    private static Section Only(Section[] sections, uint type) =>
        sections.Where(section => section.Type == type).ToArray() is [Section section]
            ? section
            : throw new NotSupportedException("The ELF file has no " + "symbol version table.");

    private static string Text(byte[] file, int at)
    {
        ReadOnlySpan<byte> rest = file.AsSpan(at);
        return Encoding.ASCII.GetString(rest[..rest.IndexOf((byte)0)]);
    }

    private static ushort U16(byte[] file, int at) => BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(at));

    private static uint U32(byte[] file, int at) => BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at));

    private readonly record struct Section(uint Type, int Offset, int Size, int Link);
}
