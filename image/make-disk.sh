#!/usr/bin/env bash
# Makes a GPT disk image with one EFI system partition, without mounting anything:
#   make-disk.sh DISK.img BOOTX64.EFI [FOLDER]
# The folder's contents are copied to the partition's root; files in its models/ come to the machine as "models/NAME".
set -euo pipefail
disk=$1 efi=$2 folder=${3:-}
export MTOOLS_SKIP_CHECK=1

# Room for the files and the file system's own, at least 48 MiB: smaller FAT32 volumes are not valid.
bytes=$(stat -Lc %s "$efi")
if [ -n "$folder" ] && [ -d "$folder" ]; then bytes=$((bytes + $(du -Lsb "$folder" | cut -f1))); fi
mebibytes=$((bytes / 1048576 + 16))
[ $mebibytes -ge 48 ] || mebibytes=48

new=$disk.new
rm -f "$new"
truncate -s $((mebibytes + 2))M "$new"
sgdisk --clear --new=1:2048:$((2048 + mebibytes * 2048 - 1)) --typecode=1:ef00 --change-name=1:BareJAX "$new" >/dev/null
partition=$new@@1M
mformat -i "$partition" -F -T $((mebibytes * 2048)) -h 255 -s 63 -H 2048 -v BAREJAX ::
mmd -i "$partition" ::/EFI ::/EFI/BOOT
mcopy -i "$partition" "$efi" ::/EFI/BOOT/BOOTX64.EFI
if [ -n "$folder" ] && [ -d "$folder" ]; then
    for item in "$folder"/*; do
        [ -e "$item" ] && mcopy -s -n -i "$partition" "$item" ::/
    done
fi
mv "$new" "$disk"
echo "$disk: $mebibytes MiB"
